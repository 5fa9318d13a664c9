export { classifyGcs } from './classify-gcs.ts'
export { type GuardableBucket, guardBucket } from './guard-bucket.ts'
export { type GuardableFile, guardFile } from './guard-file.ts'
export type { GcsGuardOptions } from './options.ts'
