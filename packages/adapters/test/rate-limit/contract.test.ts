import { testContract } from '../test-contract.ts'
import { driver } from './contract-driver.ts'

testContract(driver)
