import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'
import { top } from '../../support/program.ts'

/** As esbuild writes it. One letter beyond Latin-1 has V8 keep the whole text in two bytes a letter. */
const plainLetters: Plugin = {
  name: 'plain-letters',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue
      file.code = file.code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    }
  },
}

/** The agent with all that it imports, as few files without names and blanks that nobody needs. @returns the file to run. */
export async function bundleAgent(folder: string): Promise<string> {
  const output = { entryFileNames: 'agent.mjs', chunkFileNames: '[name].mjs' }
  await build({
    ...{ root: top, configFile: false, logLevel: 'error', publicDir: false },
    ssr: { noExternal: true, target: 'node' },
    plugins: [plainLetters],
    build: {
      ...{ ssr: join(import.meta.dirname, 'agent.ts'), outDir: join(folder, 'sense/agent'), minify: true, target: 'node26' },
      rolldownOptions: { output },
    },
  })
  // Where the bundled agent looks for the rules that ship.
  cpSync(join(top, 'agent/sense/sigma/rules'), join(folder, 'sense/sigma/rules'), { recursive: true })
  return join(folder, 'sense/agent/agent.mjs')
}
