import type * as undici8 from 'undici'
import * as vendor from 'undici7'

/** Version 7 by the types of version 8, which differ in nothing that the tests use. Node 20 cannot import version 8. */
export const undici7: typeof undici8 = vendor as unknown as typeof undici8
