import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { converse } from '../../../agent/host/conversation.ts'

const hasShell = process.platform === 'linux'
const hasNft = hasShell && spawnSync('nft', ['--version']).status === 0

it.skipIf(!hasShell)('a program that is told lines has no home, and nothing of whoever starts it', async () => {
  const lines: string[] = []
  await new Promise<void>((resolve) => {
    const shell = converse('sh', [], { onLine: (line) => void lines.push(line), onEnd: () => resolve() })
    shell.say('env | cut -d= -f1 | sort | tr "\\n" " "; echo "$HOME"; exit')
  })
  expect(lines.join(' ')).toMatch(/^(?:_ )?HOME LC_ALL (?:OLDPWD )?PATH PWD (?:_ )? ?\/nonexistent$/)
})

it.skipIf(!hasNft)('nft keeps nothing of what it was told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-nft-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const before = existsSync('/.nft.history') ? spawnSync('sha256sum', ['/.nft.history']).stdout.toString() : ''
  await new Promise<void>((resolve) => {
    const nft = converse('nft', ['-i'], { onLine: () => undefined, onEnd: () => resolve() })
    nft.say('a line that nobody else types')
    nft.say('quit')
  })
  expect(existsSync('/.nft.history') ? spawnSync('sha256sum', ['/.nft.history']).stdout.toString() : '').toBe(before)
})
