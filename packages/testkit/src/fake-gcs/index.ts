export { FakeGcs } from './fake-gcs.ts'
export { gcsError } from './gcs-replies.ts'
export { type ObjectMetadata, StoredObject } from './stored-object.ts'
