// Uploads one file with tus-js-client: node upload.mjs ENDPOINT TOKEN SESSION FILE NAME
import { createReadStream, statSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const [endpoint, token, session, file, filename] = process.argv.slice(2)

const upload = new Upload(createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { session, filename },
  uploadSize: statSync(file).size,
  retryDelays: Array(60).fill(500),
  onError: (error) => {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess: () => process.exit(0),
})
upload.start()
