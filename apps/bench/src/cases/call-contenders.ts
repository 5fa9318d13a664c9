import * as core from '@switchgear/core'
import { callCases, type CallCaseName, type Library } from '../call-cases.ts'
import { bareAwait, minimum } from '../libraries/floors.ts'
import { cockatiel } from '../libraries/cockatiel.ts'
import { effect, effectAlone } from '../libraries/effect.ts'
import { mollitia } from '../libraries/mollitia.ts'
import { opossum } from '../libraries/opossum.ts'
import { switchgear } from '../libraries/switchgear.ts'
import type { Contender } from '../measure/time-contenders.ts'

/** Calls through each library, for each case it can do. `against` is another build of the core. */
export async function callContenders(against: typeof core | undefined, cases: CallCaseName[]): Promise<Contender[]> {
  const libraries: Record<string, Library> = {
    'bare await': bareAwait,
    minimum,
    switchgear: switchgear(core),
    ...(against && { against: switchgear(against) }),
    cockatiel,
    opossum,
    mollitia,
    'effect alone': effectAlone,
    effect,
  }
  const contenders: Contender[] = []
  for (const name of cases) {
    const { title, loop } = callCases[name]
    for (const [column, library] of Object.entries(libraries)) {
      const call = await library[name]?.()
      if (call !== undefined) contenders.push({ row: title, column, loop, call })
    }
  }
  return contenders
}
