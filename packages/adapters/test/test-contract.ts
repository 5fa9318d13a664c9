import { adapterContract, type ContractDriver } from '@switchgear/testkit/adapter-contract'
import { describe, test } from 'vitest'

/** Tests an adapter against the contract; a case that its client cannot keep is skipped, with the reason in its title. */
export function testContract(driver: ContractDriver): void {
  describe(`${driver.name} keeps the adapter contract:`, () => {
    for (const { name, cannot, run } of adapterContract(driver)) {
      if (cannot === undefined) test(name, run)
      else test.skip(`${name} (cannot be: ${cannot})`, run)
    }
  })
}
