import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import type { Route } from './route.ts'

/*
 * Enters: the routes. Leaves: nothing. Promises: deny by default. A route that forgets to say who may use it, which of
 * its inputs name things, or how it is audited keeps the collector from starting. On failure: a Fault that says what is
 * missing. Threat: the route somebody adds in a hurry.
 */

export function checkDeclarations(routes: readonly Route[]): void {
  for (const route of routes) {
    const [missing] = [...complaints(route)]
    if (missing !== undefined) throw new Fault('route-undeclared', `The route ${route.method} ${route.path} ${missing}.`)
  }
}

function* complaints(route: Route): Generator<string> {
  if (!route.access) yield 'does not say who may use it'
  if (route.method !== 'GET' && route.action === undefined) yield 'does not say what the audit calls it'
  const inputs = inputsOf(route)
  for (const input of inputs) {
    if (namesThing(input) && !Object.hasOwn(route.names ?? {}, input)) yield `does not say what ${input} names`
  }
  for (const input of Object.keys(route.names ?? {})) {
    if (!inputs.includes(input)) yield `says what ${input} names and has no such input`
  }
  for (const [, name] of route.path.matchAll(/:(\w+)/g)) {
    if (!inputs.includes(`params.${name}`)) yield `has no schema for :${name}`
  }
}

/** `id`, `endpointId`, … : an input so called points at something that belongs to somebody. */
const namesThing = (input: string): boolean => /(\.id|Id)$/.test(input)

/** `params.id`, `body.organisationId`, … */
function inputsOf(route: Route): string[] {
  return (['params', 'query', 'body'] as const).flatMap((part) => fieldsOf(route[part]).map((field) => `${part}.${field}`))
}

function fieldsOf(schema: z.ZodType | undefined): string[] {
  if (schema === undefined) return []
  if (!(schema instanceof z.ZodObject)) throw new Fault('route-undeclared', 'The inputs of a route are objects.')
  return Object.keys(schema.shape)
}
