import { join } from 'node:path'
import { bootUnit, unitName } from '../isolate/boot-unit.ts'
import type { Verb } from '../main.ts'

const verb: Verb = {
  summary: `prints the systemd unit that keeps an isolated machine isolated over a reboot (/etc/systemd/system/${unitName})`,
  async run({ dataDir }) {
    process.stdout.write(bootUnit(join(dataDir, 'isolation')))
  },
}
export default verb
