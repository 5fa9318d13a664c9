import { testContract } from '../test-contract.ts'
import { driver as fetch7 } from './fetch7-contract-driver.ts'
import { driver as fetch8 } from './fetch8-contract-driver.ts'
import { driver as undici7 } from './undici7-contract-driver.ts'
import { driver as undici8 } from './undici8-contract-driver.ts'

testContract(undici8)
testContract(undici7)
testContract(fetch8)
testContract(fetch7)
