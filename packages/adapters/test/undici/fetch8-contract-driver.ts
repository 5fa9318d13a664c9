import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import * as undici from 'undici'
import { fetchDriver } from './fetch-driver.ts'

export const driver: ContractDriver = fetchDriver("undici 8 under Node's own fetch", undici, 22)
