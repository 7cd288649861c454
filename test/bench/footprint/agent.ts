import run from '../../../agent/cli/run.ts'
import { loadConfig } from '../../../agent/config.ts'
import { beginLight } from '../../../agent/light-foot.ts'

/** What a bundler is given: the agent's own `run`, with the flags that the scenarios' world starts it by. */
beginLight(process, process.env)
const at = (flag: string): string => process.argv[process.argv.indexOf(flag) + 1] ?? ''
await run.run(loadConfig({ data: at('--data'), canaries: [at('--canaries')] }, process.env), [])
