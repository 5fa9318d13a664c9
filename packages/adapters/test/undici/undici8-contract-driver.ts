import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import * as undici from 'undici'
import { requestDriver } from './request-driver.ts'

export const driver: ContractDriver = requestDriver('undici 8', undici, 22)
