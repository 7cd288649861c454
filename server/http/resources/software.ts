import { z } from 'zod'
import { SoftwareFound, SoftwareList, SoftwareQuery } from '#shared/api/software.ts'
import { found } from '../reads/found.ts'
import { findSoftware, readSoftware } from '../reads/software.ts'
import { defineReading, type Route } from '../route.ts'

export default function software(): Route[] {
  return [
    defineReading('/api/endpoints/:id/software', 'What is installed on one endpoint, as its agent said it last', {
      names: { 'params.id': 'endpoint' },
      params: z.object({ id: z.string().max(64) }),
      answer: SoftwareList,
      handle: async ({ params, by }) => found('endpoint', await readSoftware(by.view, params.id)),
    }),
    defineReading('/api/software', 'Which machines have a package, or one of it that is older than a version', {
      names: { 'query.organisationId': 'organisation' },
      query: SoftwareQuery,
      answer: SoftwareFound,
      handle: ({ query, by }) => findSoftware(by.view, query),
    }),
  ]
}
