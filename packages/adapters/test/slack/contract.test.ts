import { testContract } from '../test-contract.ts'
import { driver } from './contract-driver.ts'
import { driver as webClientDriver } from './web-client-contract-driver.ts'
import { driver as webhookDriver } from './webhook-contract-driver.ts'

testContract(driver)
testContract(webhookDriver)
testContract(webClientDriver)
