import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import { undici7 } from './undici7.ts'
import { fetchDriver } from './fetch-driver.ts'

export const driver: ContractDriver = fetchDriver("undici 7 under Node's own fetch", undici7, 20)
