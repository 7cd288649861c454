import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { matrixJsonSchema } from '../../../server/route/json-schema.ts'
import { matrixFile } from '../../support/desk-room.ts'

/** Written anew by `npx vitest run test/server/route/json-schema.test.ts -u`. */
it('the JSON Schema that ships beside the matrix says what the schema of the matrix says', async () => {
  await expect(`${JSON.stringify(matrixJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(join(matrixFile, '../matrix.schema.json'))
})

it('takes the matrix that ships as people write it, and no word that nobody knows', async () => {
  const yaml = await readFile(matrixFile, 'utf8')
  expect(yaml.split('\n')[0]).toBe('# yaml-language-server: $schema=./matrix.schema.json')
  const shape = z.fromJSONSchema(matrixJsonSchema())
  expect(shape.safeParse(parse(yaml)).error?.issues).toBeUndefined()
  expect(shape.safeParse(parse(yaml.replace('page: yes', 'pages: yes'))).success).toBe(false)
  expect(shape.safeParse(parse(yaml.replace('becomes: record', 'becomes: nothing'))).success).toBe(false)
})
