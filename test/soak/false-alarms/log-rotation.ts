import { appendFileSync, existsSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Work } from './work.ts'

/** Both ways: renamed and begun anew, and copied and cut. */
export default {
  needs: ['gzip', 'cp'],
  isQuick: true,
  run: async (folder) => {
    const log = join(folder, 'service.log')
    for (let day = 0; day < 7; day += 1) {
      for (let line = 0; line < 2_000; line += 1) appendFileSync(log, `day ${day}: request ${line} was answered in ${line % 90} ms\n`)
      for (let kept = 5; kept > 1; kept -= 1)
        if (existsSync(`${log}.${kept - 1}.gz`)) renameSync(`${log}.${kept - 1}.gz`, `${log}.${kept}.gz`)
      if (day % 2 === 0) {
        renameSync(log, `${log}.1`)
        writeFileSync(log, '')
      } else {
        await run('cp', [log, `${log}.1`], folder)
        truncateSync(log)
      }
      await run('gzip', ['--force', `${log}.1`], folder)
    }
  },
} satisfies Work
