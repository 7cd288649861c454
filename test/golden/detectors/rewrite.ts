import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { caseNames, outFile, play } from './play-case.ts'

/** `node test/golden/detectors/rewrite.ts`: writes what the detectors say now; the diff is for a person to judge. */
for (const name of caseNames()) writeFileSync(outFile(name), JSON.stringify(await play(name)))
spawnSync('npx', ['biome', 'format', '--write', import.meta.dirname], { stdio: 'inherit' })
