import { isConsole, placeOf } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import type { Source } from '../source.ts'

/** Not stages: the command line, where each file is a way in. */
const isStage = (room: string | undefined): room is string => room !== undefined && room !== 'cli'

export default defineRule({
  says: 'a stage has a file of its own name, which opens with what enters, what leaves, and what it promises',
  check: (sources) => {
    const stages = new Set(sources.flatMap(({ path }) => stageFolder(path) ?? []))
    return [...stages].flatMap((folder) => wayIn(folder, sources))
  },
  planted: [
    { path: 'server/ticket/sentences.ts', text: `export const say = 'hello'` },
    { path: 'agent/spool/spool.ts', text: `export const spool = 1` },
  ],
  allowed: [
    {
      path: 'agent/spool/spool.ts',
      text: `import fs from 'node:fs'\n\n/*\n * Enters: records.\n * Leaves: the same.\n * Promises: nothing lost.\n */\n`,
    },
    { path: 'server/cli/help.ts', text: `export default 1` },
  ],
})

function stageFolder(path: string): string | undefined {
  const { side, room } = placeOf(path)
  return (side === 'agent' || side === 'server') && !isConsole(path) && isStage(room) ? `${side}/${room}` : undefined
}

function wayIn(folder: string, sources: Source[]): Violation[] {
  const path = `${folder}/${folder.split('/')[1]}.ts`
  const source = sources.find((each) => each.path === path)
  if (!source) return [{ path, line: 1, what: 'the stage has no way in' }]
  const header = source.comments.find((comment) => comment.text.split('\n').length >= 3)
  const firstCode = source.program.body.find((statement) => statement.type !== 'ImportDeclaration')
  const isOnTop = header !== undefined && (firstCode === undefined || header.line <= source.lineAt(firstCode.start))
  return isOnTop ? [] : [{ path, line: 1, what: 'the stage does not say what it promises' }]
}
