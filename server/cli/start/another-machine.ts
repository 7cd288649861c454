import { isLoopback } from '../../config.ts'
import type { Started } from './collector.ts'
import { showSecret } from './secret.ts'

/** The line that enrols another machine, or what it takes for one to work; as lines of the table. */
export async function anotherMachine({ collector, config }: Started): Promise<string[]> {
  if (isLoopback(config.agents.host)) {
    return ['can reach this one only after a start with --listen 0.0.0.0 --public-url https://NAME:PORT; then its line stands here']
  }
  const { organisationId, agentsUrl: collectorUrl } = collector
  const { token } = await collector.identity.createToken({ organisationId, collectorUrl, createdBy: 'system', isNew: true })
  const line = showSecret(enrolLine(token), { dataDir: config.dataDir, name: 'enrol-another-machine' })
  return ['is enrolled by this line, typed there in a clone; it is good once, within 30 minutes:', line]
}

/** What to type in a clone of the project, on the machine that shall be an endpoint. Good once, for 30 minutes. */
export const enrolLine = (token: string): string => `echo ${token} | npm run -s agent -- enrol && npm run -s agent -- run`
