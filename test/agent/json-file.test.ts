import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { jsonFile } from '../../agent/json-file.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-json-'))
  path = join(folder, 'kept', 'value.json')
})
afterEach(() => rm(folder, { recursive: true }))

it('says that there is nothing yet', async () => {
  expect(await jsonFile(path).read()).toEqual({ kind: 'absent' })
})

it('keeps the last of many values written at once, whole', async () => {
  const file = jsonFile(path)
  const values = Array.from({ length: 40 }, (_, number) => ({ number, filling: 'x'.repeat(40_000 - 900 * number) }))
  await Promise.all(values.map((value) => file.write(value)))
  expect(await file.read()).toEqual({ kind: 'value', value: values.at(-1) })
})

it('sets a broken one aside, where a person may still read it', async () => {
  await jsonFile(path).write('whole')
  await writeFile(path, '{"half":')
  expect(await jsonFile(path).read()).toMatchObject({ kind: 'broken' })
  expect(await readFile(`${path}.broken`, 'utf8')).toBe('{"half":')
  expect(await jsonFile(path).read()).toEqual({ kind: 'absent' })
})

it('writes again after a write that failed, and the old value stands meanwhile', async () => {
  const file = jsonFile(path)
  await file.write('old')
  await mkdir(`${path}.next`)
  await expect(file.write('new')).rejects.toThrow('EISDIR')
  expect(await file.read()).toEqual({ kind: 'value', value: 'old' })
  await rm(`${path}.next`, { recursive: true })
  await file.write('newer')
  expect(await file.read()).toEqual({ kind: 'value', value: 'newer' })
})
