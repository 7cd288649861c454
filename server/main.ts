import { existsSync } from 'node:fs'
import { Fault } from '#shared/domain/fault.ts'

/** A verb of the command line: one file in cli/, which exports this as its default. */
export interface Verb {
  /** One line for `help`. */
  summary: string
  /** Everything `--help` prints. */
  usage: string
  /** Resolves when the verb is done; what stops it is thrown. */
  run(args: string[]): Promise<void>
}

/** Process in: `argv` without node and script → the exit code. What goes wrong becomes one sentence on stderr. */
export async function main(argv: string[]): Promise<number> {
  const [name = 'help', ...args] = argv
  try {
    const verb = await loadVerb(name.replace(/^(-h|--help)$/, 'help'))
    if (args.includes('--help') || args.includes('-h')) process.stdout.write(verb.usage)
    else await verb.run(args)
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
    throw new Fault('verb-unknown', `Tierline has no verb "${name}": \`npm run -s tierline -- help\` lists them.`)
  }
  const module = (await import(file.href)) as { default: Verb }
  return module.default
}

/** What was thrown as one sentence that says what to do; a bug keeps its stack. */
export function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  if (thrown instanceof Fault) return thrown.message
  const { code, syscall, path, port } = thrown as NodeJS.ErrnoException & { port?: number }
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${thrown.message.split(/\. |\n/)[0]}. --help lists what this verb takes.`
  if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there, or choose another with --port or --agents-port.`
  if (syscall === 'listen') return `Port ${port} can't be opened (${code}): choose another with --port or --agents-port.`
  if (path !== undefined && syscall !== undefined) return `${path} can't be used (${code} from ${syscall}).`
  return thrown.stack ?? thrown.message
}
