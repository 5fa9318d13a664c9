import { type DownloadResponse, Storage } from '@google-cloud/storage'
import { guardFile } from '@switchgear/adapters/gcs'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'

export const driver: ContractDriver = {
  name: 'gcs',
  oldestNode: 22,
  // A warning of its HTTP library, with or without a guard.
  prints: /MaxListenersExceeded|--trace-warnings/,
  cannot: { cancel: 'the client gives no hold on a request that has no answer yet' },
  connect({ server, registry, options }) {
    const breaker = registry.get('gcs', options)
    const storage = new Storage({ apiEndpoint: server.url, projectId: 'test', retryOptions: { autoRetry: false } })
    const file = storage.bucket('bucket').file('object')
    const download = file.download.bind(file)
    let vendorResult: DownloadResponse | undefined
    file.download = async () => (vendorResult = await download())
    return {
      breaker,
      call: ({ signal } = {}) => guardFile(file, breaker, { signal }).download(),
      get vendorResult() {
        return vendorResult
      },
    }
  },
}
