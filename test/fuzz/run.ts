import { parseArgs } from 'node:util'
import { seconds } from '#shared/domain/time.ts'
import { fuzz } from './fuzz.ts'
import { objections } from './judge.ts'

/** `npm run fuzz -- --frames 1000000 --seed S`: the last line on stdout is its figures as one JSON object. */
const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    hostile: { type: 'string', default: '40' },
  },
})
const [frames, seed, hostile] = [values.frames, values.seed, values.hostile].map(Number)
if (!frames || !hostile || !Number.isSafeInteger(frames) || !Number.isSafeInteger(hostile) || !Number.isSafeInteger(seed)) {
  console.error('--frames and --hostile take a number above 0, --seed any whole number.')
  process.exit(1)
}
console.log(`seed ${seed}: ${frames} mutated frames from ${hostile} hostile agents`)
const figures = await fuzz({ frames, seed: seed ?? 0, hostile, quietMs: seconds(20), progress: (line) => console.log(line) })
const found = objections(figures)
for (const objection of found) console.error(objection)
console.log(JSON.stringify({ name: 'fuzz', seed, ...figures }))
process.exit(found.length === 0 ? 0 : 1)
