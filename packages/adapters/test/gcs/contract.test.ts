import { allowManyListeners } from './allow-many-listeners.ts'
import { testContract } from '../test-contract.ts'
import { driver } from './contract-driver.ts'

allowManyListeners()
testContract(driver)
