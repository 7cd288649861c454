import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/* The README is where a newcomer starts, so what it says about the project is held against the project. */
const top = join(import.meta.dirname, '..')
const readme = readFileSync(join(top, 'README.md'), 'utf8')
const packageJson = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** Made by installing, building and running; never part of the project. */
const made = new Set(['node_modules', 'dist', 'tierline-data', 'test-results', '.git'])
/** Folders whose inside the tree leaves to the reader: their own names say it. */
const closed = new Set([
  'docs',
  'server/console',
  ...['agent', 'bench', 'golden', 'life', 'scenario', 'server', 'shared'].map((name) => `test/${name}`),
])

describe('the tree in the README', () => {
  const tree = parseTree(fence('tree'))

  it('lists nothing that is not there', () => {
    expect(tree.filter((path) => !existsSync(join(top, path)))).toEqual([])
  })

  it('lists every folder down to the plug-ins', () => {
    expect(folders('').filter((folder) => !tree.includes(folder))).toEqual([])
  })

  it('lists the plumbing of both sides', () => {
    const plumbing = ['agent', 'server'].flatMap((side) => files(side))
    expect(plumbing.filter((file) => !tree.includes(file))).toEqual([])
  })
})

describe('what the README tells people to type', () => {
  const run = [...readme.matchAll(/npm (?:run(?: -s)? )?([a-z]+)/g)].map((match) => match[1] ?? '')

  it('exists as a script', () => {
    const known = [...Object.keys(packageJson.scripts), 'ci', 'run', 'start', 'test']
    expect(run.filter((script) => !known.includes(script))).toEqual([])
  })

  it('names files that are there', () => {
    const named = [...readme.matchAll(/`((?:agent|server|shared|test|docs)\/[\w./-]+)`/g)].map((match) => match[1] ?? '')
    const examples = /\/my-/
    expect(named.filter((path) => !examples.test(path) && !existsSync(join(top, path)))).toEqual([])
  })

  it('shows a picture that is there', () => {
    const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1] ?? '')
    expect(pictures.length).toBeGreaterThan(0)
    expect(pictures.filter((path) => !existsSync(join(top, path)))).toEqual([])
  })
})

/** The content of the fenced block that is marked ```text NAME. */
function fence(name: string): string {
  return new RegExp(`\`\`\`text ${name}\\n(.*?)\`\`\``, 's').exec(readme)?.[1] ?? ''
}

/** Two spaces a level, the name, at least two spaces, what it is for. → paths from the top, without a closing slash. */
function parseTree(block: string): string[] {
  const above: string[] = []
  return block
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const depth = (line.length - line.trimStart().length) / 2
      const names = (line.trim().split(/ {2,}/)[0] ?? '').split(' ')
      above.length = depth
      above[depth] = (names[0] ?? '').replace(/\/$/, '')
      return names.map((name) => [...above.slice(0, depth), name.replace(/\/$/, '')].join('/'))
    })
}

function entries(folder: string): { path: string; isFolder: boolean }[] {
  return readdirSync(join(top, folder))
    .filter((name) => !made.has(name))
    .map((name) => {
      const path = folder === '' ? name : `${folder}/${name}`
      return { path, isFolder: statSync(join(top, path)).isDirectory() }
    })
}

/** Three levels: a side, its stages, their plug-ins. */
function folders(folder: string, depth = 1): string[] {
  const inside = entries(folder).filter((entry) => entry.isFolder)
  const deeper = depth < 3 ? inside.filter(({ path }) => !closed.has(path)) : []
  return [...inside.map(({ path }) => path), ...deeper.flatMap(({ path }) => folders(path, depth + 1))]
}

function files(folder: string): string[] {
  return entries(folder)
    .filter((entry) => !entry.isFolder)
    .map(({ path }) => path)
}
