import { expect, test } from 'vitest'
import { run, typeCheck } from '../src/check-snippets.ts'
import { extractSnippets, type Snippet } from '../src/extract-snippets.ts'

test('finds the TypeScript blocks, their lines and their flags', () => {
  const markdown = [
    '# Title',
    '```ts',
    'const a = 1',
    '```',
    '```sh',
    'npm test',
    '```',
    '<!-- setup: a-server -->',
    '',
    '```ts compile-only',
    'const b = 2',
    '',
    'const c = 3',
    '```',
    '- a list',
    '  ````typescript',
    '  const d = `',
    '  ```',
    '  `',
    '  ````',
  ]
  expect(extractSnippets('a.md', markdown.join('\n'))).toEqual([
    { file: 'a.md', line: 3, code: 'const a = 1', compileOnly: false, setup: undefined },
    { file: 'a.md', line: 11, code: 'const b = 2\n\nconst c = 3', compileOnly: true, setup: 'a-server' },
    { file: 'a.md', line: 17, code: 'const d = `\n```\n`', compileOnly: false, setup: undefined },
  ])
})

test('reports a type error at its line of the Markdown file, and nothing against the other snippets', async () => {
  const [right, wrong] = [snippet('const a: number = 1'), snippet(`\nconst a: number = ''`)]
  expect([...(await typeCheck([right, wrong]))]).toEqual([
    [wrong, "a.md(11,7): error TS2322: Type 'string' is not assignable to type 'number'.\n"],
  ])
})

const right = {
  'an expression': '1 + 1 // => 2',
  'a string, in any quotes': `const text = 'a'\ntext // => 'a'\ntext // => "a"`,
  'a variable where it is declared': 'const sum = 1 + 1 // => 2',
  'a value of many parts': `;({ a: 1, b: { c: [new Map([[1, 2]])] } }) // => { a: 1, b: { c: [new Map([[1, 2]])] } }`,
  'an expression before a semicolon on the next line':
    'const sum = 1 + 1\nsum // => 2\n;(sum) // => 2\n;[sum] // => [2]',
  'an expression of many lines': 'await Promise.all([\n  1,\n])\n// => [1]',
  'a statement inside a block': '{\n  const sum = 1 + 1\n  sum // => 2\n}',
  'what is no expression when printed': 'class A {}\nA // => [class A]',
  'a decorator and a `using`': `
    const twice = (method: () => number, _: unknown) => () => method() * 2
    class A {
      @twice
      m() {
        return 2
      }
    }
    using lease = { [Symbol.dispose]() {} }
    typeof lease // => 'object'
    new A().m() // => 4`,
}

test('finds no type error in what is right', async () => {
  expect(await typeCheck(Object.values(right).map(snippet))).toEqual(new Map())
})

test.concurrent.each(Object.entries(right))('passes %s', async (_name, code) => {
  await run(snippet(code))
})

test.concurrent.each([
  ['another value', '\n1 + 1 // => 3', 'a.md:11: expected 3, got 2'],
  [
    'a value that is never reached',
    'if (Math.random() > 1) {\n  1 // => 1\n}',
    'a.md:11: expected 1, and it was never reached',
  ],
  ['another value of a variable', 'const sum = 1 + 1 // => 3', 'expected 3, got 2'],
  ['another part of a value', '({ a: 1 }) // => { a: 1, b: 2 }', 'expected { a: 1, b: 2 }, got { a: 1 }'],
  ['a value of nothing', 'if (true) {\n} // => 3', '"=> 3" follows no expression'],
  ['an error', "throw new Error('on its own account')", 'on its own account'],
  ['an import of what is not exported', "import '@switchgear/adapters'", 'ERR_PACKAGE_PATH_NOT_EXPORTED'],
])('fails %s', async (_name, code, message) => {
  await expect(run(snippet(code))).rejects.toThrow(message)
})

test('runs a setup first', async () => {
  const code =
    "const response = await fetch('https://payments.example/charges')\nawait response.json() // => { paid: true }"
  await run({ ...snippet(code), setup: 'payments-service' })
})

function snippet(code: string): Snippet {
  return { file: 'a.md', line: 10, code, compileOnly: false, setup: undefined }
}
