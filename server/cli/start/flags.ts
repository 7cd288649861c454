import { parseArgs } from 'node:util'
import { type CollectorConfig, configFlags, loadConfig } from '../../config.ts'

/** The flags of every verb that starts a collector. */
export const startFlags = { ...configFlags, 'reset-admin': { type: 'boolean' } } as const

export const configUsage = `  --data DIR          where everything is kept (./tierline-data)
  --port N            the console's port (7840)
  --agents-port N     the agents' port (7843)
  --listen HOST       listen there, instead of for this machine alone; the console then speaks TLS
  --public-url URL    how others reach it, such as https://rmm.example.org:7840
  --database URL      postgres://… instead of one file
  --matrix FILE       an escalation matrix of your own
  --mail FILE         a file (chmod 600) that names the mail server: from, smtp, and imap to read answers
  --may-call HOSTS    hosts on this machine that receivers may stand on, such as 127.0.0.1; refused otherwise
  --log-level LEVEL   trace, debug, info, warn, error, fatal, silent
`
export const startUsage = `${configUsage}  --reset-admin       give the first admin a new password, and end their sessions
`

/** Of a verb with words and no flags but those that say where the data is. */
export function readWords(args: string[]): { config: CollectorConfig; words: string[] } {
  const { data, database } = configFlags
  const { values, positionals } = parseArgs({ args, options: { data, database }, allowPositionals: true })
  return { config: loadConfig(values, process.env), words: positionals }
}
