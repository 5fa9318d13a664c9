// Cloud Storage as examples use it: a fake on loopback with a bucket `exports` that has `report.csv` in it.
import { FakeGcs } from '@switchgear/testkit/fake-gcs'

const gcs = await FakeGcs.start('exports')
gcs.put('exports', 'report.csv', 'id,cents\n1,500\n')
gcs.server.unref() // a snippet ends with its own work
gcs.server.always((request, response) => {
  // The client puts the whole of STORAGE_EMULATOR_HOST before its uploads too.
  request.url = request.url?.replace('/storage/v1/upload/', '/upload/') ?? ''
  gcs.reply(request, response)
})
process.env['STORAGE_EMULATOR_HOST'] = `${gcs.url}/storage/v1`
