import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkDeclarations } from '../../../server/http/declarations.ts'
import { defineRoute, type Route } from '../../../server/http/route.ts'

const sound = defineRoute({
  method: 'POST',
  path: '/api/things/:id',
  summary: 'Change a thing',
  access: { who: 'person', power: 'administer', reach: 'organisation' },
  names: { 'params.id': 'ticket', 'body.endpointId': 'endpoint' },
  action: 'thing.change',
  params: z.object({ id: z.string() }),
  body: z.object({ endpointId: z.string(), title: z.string() }),
  answer: z.void(),
  handle: async () => undefined,
})

const without = (route: Route, key: keyof Route): Route => {
  const { [key]: _, ...rest } = route
  return rest as Route
}

describe('a route', () => {
  it('that says everything is let through', () => {
    expect(() => checkDeclarations([sound])).not.toThrow()
  })

  it.each([
    ['who may use it', without(sound, 'access'), /does not say who may use it/],
    ['what its inputs name', without(sound, 'names'), /does not say what params.id names/],
    ['what one input names', { ...sound, names: { 'params.id': 'ticket' as const } }, /does not say what body.endpointId names/],
    ['how it is audited', without(sound, 'action'), /does not say what the audit calls it/],
    ['the shape of its address', without(sound, 'params'), /has no such input|has no schema for :id/],
    [
      'which input it means',
      { ...sound, names: { ...sound.names, 'query.siteId': 'site' as const } },
      /says what query.siteId names and has no such input/,
    ],
  ])('that does not say %s keeps the collector from starting', (_, route, complaint) => {
    expect(() => checkDeclarations([sound, route])).toThrow(complaint)
  })
})
