import { parentPort, workerData } from 'node:worker_threads'
import { readRules } from '../pipeline/keep.ts'
import { parseMatrix } from '../route/matrix.ts'
import { openReading } from '../store/store.ts'
import { mustBeGood } from './matrices.ts'
import type { Asked } from './previews.ts'
import { previewOf } from './would-have.ts'

// The other side of previews.ts: it only reads.

const { url, organisationId, matrixVersion, now } = workerData as Asked & { url: string }
const { reader, close } = await openReading(url)
try {
  const { yaml } = await reader.selectFrom('matrix_versions').select('yaml').where('version', '=', matrixVersion).executeTakeFirstOrThrow()
  const matrix = { ...mustBeGood(parseMatrix(yaml), `matrix version ${matrixVersion}`), version: matrixVersion }
  parentPort?.postMessage(await previewOf(reader, readRules(matrix), organisationId, now))
} finally {
  await close()
}
