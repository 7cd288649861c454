import type { AddressInfo } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { seconds } from '#shared/domain/time.ts'
import type { Audit } from '../audit/audit.ts'
import type { ServerCertificate } from '../identity/server-certificate.ts'
import type { Store } from '../store/store.ts'
import { createRecorder } from './changes.ts'
import { serveConsole } from './console-files.ts'
import { checkDeclarations } from './declarations.ts'
import { addDocs } from './docs.ts'
import { answerErrors, answerUnroutable } from './errors.ts'
import { createGuard, createPersonOf } from './guard.ts'
import { createDoor } from './hosts.ts'
import { createKeptAnswers } from './kept-answers.ts'
import { mount, refuseUndeclared } from './mount.ts'
import type { Needs } from './needs.ts'
import { routesOf } from './resources.ts'
import type { Route } from './route.ts'
import { createStreams } from './streams.ts'
import { createView } from './view.ts'
import { createWatches } from './watches.ts'

/*
 * Enters: requests of people and programs. Leaves: what they may see, and their changes, handed to the stage that owns
 * them. Promises: every route has declared who may use it and what its inputs name, or the collector doesn't start;
 * zod in and zod out; each change is audited; nothing crosses an organisation's border (invariant 8).
 * On failure: a Problem. Threats: another website in the same browser (hosts.ts), guessed secrets (people), another
 * organisation's ids (owners.ts, view.ts), text from machines that wants to be markup (JSON, nosniff, the policy below).
 */

export interface HttpOptions extends Omit<Needs, 'personOf' | 'streams' | 'watches'> {
  config: { console: { host: string; port: number }; publicUrl?: string; consoleDist: string }
  store: Store
  audit: Audit
  /** Absent: plain HTTP, which is for loopback and for proxies that end TLS. */
  tls?: ServerCertificate
}

export interface Http {
  /** As the collector itself would dial it. */
  url: string
  /** The whole API, for who wants to enumerate it. */
  routes: readonly Route[]
  /** For new connections; only where it was started with one. */
  replaceCertificate(certificate: ServerCertificate): void
  stop(): Promise<void>
}

const maxBodyBytes = 1_048_576

export async function startHttp(options: HttpOptions): Promise<Http> {
  const { config, people, matrices, store, time, bus, log, tls } = options
  const streams = createStreams({ bus, time })
  const watches = createWatches(options.wire)
  const personOf = createPersonOf(
    () => matrices.rules.matrix,
    (caller) => createView(store.reader, caller.scope),
  )
  const routes = routesOf({ ...options, personOf, streams, watches })
  checkDeclarations(routes)

  const app = createApp(tls)
  answerErrors(app, log)
  const checkDoor = createDoor({ host: config.console.host, ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }) })
  app.addHook('onRequest', async (request) => checkDoor(request))
  await addHeaders(app, tls !== undefined)
  await app.register(cookie)
  await addDocs(app, options.version)
  const mounting = {
    guard: createGuard({ people, personOf }),
    keptAnswers: createKeptAnswers({ db: store.db, time }),
    record: createRecorder({ audit: options.audit, db: store.db, time }),
  }
  app.decorateRequest('by', undefined)
  refuseUndeclared(app)
  for (const route of routes) mount(app, route, mounting)
  await serveConsole(app, config.consoleDist)
  await app.listen({ host: config.console.host, port: config.console.port })

  return {
    url: urlOf(app, config.console.host, tls !== undefined),
    routes,
    replaceCertificate: (certificate) => {
      if (app.server instanceof TlsServer) app.server.setSecureContext(contextOf(certificate))
    },
    stop: async () => {
      streams.stop()
      await app.close()
    },
  }
}

function createApp(tls: HttpOptions['tls']): FastifyInstance {
  const limits = {
    bodyLimit: maxBodyBytes,
    // Whoever takes longer to send 1 MiB holds a socket on purpose.
    requestTimeout: seconds(30),
    exposeHeadRoutes: false,
    logger: false,
    frameworkErrors: answerUnroutable,
  } as const
  // The two kinds of server differ in type only where nobody here looks.
  const app = tls
    ? (fastify({ ...limits, https: { ...contextOf(tls), minVersion: 'TLSv1.2' } }) as unknown as FastifyInstance)
    : fastify(limits)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  // A page of another origin may send text/plain without asking first.
  app.removeContentTypeParser('text/plain')
  return app
}

const contextOf = ({ certificate, key }: ServerCertificate) => ({ cert: certificate, key })

async function addHeaders(app: FastifyInstance, isTls: boolean): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // The component library sets its colours in a style element.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    hsts: isTls,
    // Browsers heed it on HTTPS only and complain elsewhere.
    crossOriginOpenerPolicy: isTls,
    originAgentCluster: isTls,
  })
}

function urlOf(app: FastifyInstance, host: string, isTls: boolean): string {
  const { port } = app.server.address() as AddressInfo
  return `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}
