import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { top } from '../../support/program.ts'

/** The agent with all that it imports, as few files without names and blanks that nobody needs. @returns the file to run. */
export async function bundleAgent(folder: string): Promise<string> {
  const output = { entryFileNames: 'agent.mjs', chunkFileNames: '[name].mjs' }
  await build({
    ...{ root: top, configFile: false, logLevel: 'error', publicDir: false },
    ssr: { noExternal: true, target: 'node' },
    build: {
      ...{ ssr: join(import.meta.dirname, 'agent.ts'), outDir: join(folder, 'sense/agent'), minify: true, target: 'node26' },
      rolldownOptions: { output },
    },
  })
  // Where the bundled agent looks for the rules that ship.
  cpSync(join(top, 'agent/sense/sigma/rules'), join(folder, 'sense/sigma/rules'), { recursive: true })
  return join(folder, 'sense/agent/agent.mjs')
}
