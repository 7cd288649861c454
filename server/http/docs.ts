import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { problemTable } from './problems.ts'
import { protocolSchema } from './protocol-schema.ts'

/** OpenAPI at /docs/json and to click at /docs; the wire protocol at /docs/protocol.json. Register before the routes. */
export async function addDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tierline', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }, description: introduction() },
      components: {
        securitySchemes: {
          cookie: { type: 'apiKey', in: 'cookie', name: 'tierline', description: 'Set by signing in.' },
          token: { type: 'http', scheme: 'bearer', description: 'tlt_…: made by POST /api/tokens.' },
          sourceKey: { type: 'http', scheme: 'bearer', description: 'tls_…: made by POST /api/sources.' },
        },
      },
    },
    transform: jsonSchemaTransform,
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Without the bar on top, which offers to load other documents.
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', deepLinking: true },
    theme: { title: 'Tierline API' },
  })
  const protocol = JSON.stringify(protocolSchema(), null, 2)
  app.get('/docs/protocol.json', { schema: { hide: true } }, (_request, reply) => reply.type('application/schema+json').send(protocol))
}

function introduction(): string {
  return `The API of the collector. People sign in and carry a cookie; programs send a token.

**Changes** carry the \`version\` of what they saw. **Creating POSTs** take an \`Idempotency-Key\`: for 24 hours the same key
with the same body is answered with the kept answer and has no second effect. Answers that hold a secret are not kept.
Another organisation's things do not exist for you.

The [wire protocol](/docs/protocol.json) between agents and collector is a JSON Schema.

## Problems

Errors are \`application/problem+json\` (RFC 9457) with one of these codes.

${problemTable()}
`
}
