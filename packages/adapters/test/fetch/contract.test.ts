import { testContract } from '../test-contract.ts'
import { driver } from './contract-driver.ts'
import { driver as oneShotDriver } from './one-shot-contract-driver.ts'

testContract(driver)
testContract(oneShotDriver)
