import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import { undici7 } from './undici7.ts'
import { requestDriver } from './request-driver.ts'

export const driver: ContractDriver = requestDriver('undici 7', undici7, 20)
