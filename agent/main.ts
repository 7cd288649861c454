import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { type AgentConfig, loadConfig } from './config.ts'

/** A verb of the command line: one file in cli/, which exports this as its default. */
export interface Verb {
  /** One line for `help`. */
  summary: string
  /** It takes words beside flags. */
  takesWords?: true
  /** Resolves when the verb is done; what stops it is thrown. */
  run(config: AgentConfig, words: readonly string[]): Promise<void>
}

/** Process in: `argv` without node and script → the exit code. What goes wrong becomes one sentence on stderr. */
export async function main(argv: string[]): Promise<number> {
  const [name = 'help', ...args] = argv
  try {
    const wantsHelp = name === '-h' || name === '--help' || args.includes('--help') || args.includes('-h')
    const verb = await loadVerb(wantsHelp ? 'help' : name)
    const { flags, words } = read(wantsHelp ? [] : args, verb.takesWords ?? false)
    await verb.run(loadConfig(flags, process.env), words)
    return 0
  } catch (thrown) {
    process.stderr.write(`${explain(thrown)}\n`)
    return 1
  }
}

/** The verb that cli/ has a file for. */
export async function loadVerb(name: string): Promise<Verb> {
  const file = new URL(`./cli/${name}.ts`, import.meta.url)
  if (!/^[a-z][a-z-]*$/.test(name) || !existsSync(file)) {
    throw new Fault('verb-unknown', `The agent has no verb "${name}": \`npm run -s agent -- help\` lists them.`)
  }
  const module = (await import(file.href)) as { default: Verb }
  return module.default
}

function read(args: string[], takesWords: boolean): { flags: Parameters<typeof loadConfig>[0]; words: string[] } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: takesWords,
    options: {
      data: { type: 'string' },
      trial: { type: 'boolean' },
      'allow-isolation': { type: 'boolean' },
      drill: { type: 'boolean' },
      canaries: { type: 'string', multiple: true },
    },
  })
  const { data, trial: isTrial, 'allow-isolation': isIsolationAllowed, drill: isDrill, canaries } = values
  return { flags: { data, isTrial, isIsolationAllowed, isDrill, canaries }, words: positionals }
}

/** What was thrown as one sentence that says what to do; a bug keeps its stack. */
function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  if (thrown instanceof Fault) return thrown.message
  const { code, syscall, path } = thrown as NodeJS.ErrnoException
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${thrown.message.split(/\. |\n/)[0]}: \`npm run -s agent -- help\` lists the flags.`
  if (path !== undefined && syscall !== undefined) return `${path} can't be used (${code} from ${syscall}).`
  return thrown.stack ?? thrown.message
}
