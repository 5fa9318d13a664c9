import { execFile } from 'node:child_process'
import { type ProgramName, pathOf } from './programs.ts'

export interface ProgramResult {
  readonly passed: boolean
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, whatever that is. */
export function runProgram(name: ProgramName, ...args: readonly string[]): Promise<ProgramResult> {
  return new Promise((resolve) => {
    execFile(pathOf(name), args, (error, stdout, stderr) => resolve({ passed: error === null, stdout, stderr }))
  })
}
