import { writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { caseNames, expected, outFile, play } from './play-case.ts'

/** `node test/golden/detectors/rewrite.ts`: writes what the detectors say now, where it is something else; the diff is for a person to judge. */
for (const name of caseNames()) {
  const said = JSON.parse(JSON.stringify(await play(name))) as unknown
  if (!isDeepStrictEqual(said, expected(name))) writeFileSync(outFile(name), `${JSON.stringify(said, null, 2)}\n`)
}
