import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from './errors.ts'
import { refuse } from './problems.ts'

/*
 * Enters: a request that no route takes. Leaves: a file of the built console, its start page for whatever address the
 * console itself knows, or a Problem. Promises: files whose names carry a hash are kept by browsers for ever, the start
 * page never. On failure: a page that says what to run.
 */

export async function serveConsole(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    dotfiles: 'ignore',
    cacheControl: false,
    // It may be built later, while the collector runs.
    suppressWarning: true,
    setHeaders: (reply, path) => {
      const isHashed = path.startsWith(join(folder, 'assets'))
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  app.setNotFoundHandler((request, reply) => answer(request, reply, folder))
}

function answer(request: FastifyRequest, reply: FastifyReply, folder: string): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? '/'
  const isPage = request.method === 'GET' && !/^\/(api|docs)(\/|$)/.test(path) && !/\.\w+$/.test(path)
  if (!isPage) return sendProblem(reply, refuse('not-found', `There is no ${request.method} ${path} here; /docs lists what there is.`))
  if (existsSync(join(folder, 'index.html'))) return reply.sendFile('index.html')
  return reply.code(503).type('text/html; charset=utf-8').send(notBuilt)
}

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tierline</title>
<p>The console is not built yet. In the folder of the project run <code>npm run console</code>, then load this page again.</p></html>`
