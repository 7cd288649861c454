import { isBuiltin } from 'node:module'
import { placeOf, targetOf } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import { computed, type Import, type Source } from '../source.ts'

/** A package that isn't here needs a reason in the README's decisions first. The agent's list is short: it runs as root everywhere. */
const allowed: Record<string, string[]> = {
  shared: ['zod'],
  agent: ['ws', 'zod', 'pino', 'systeminformation', 'jose', '@peculiar/x509', 'reflect-metadata', 'uuid', 'yaml'],
  server: [
    ...['ws', 'zod', 'pino', 'pino-pretty', 'jose', '@peculiar/x509', 'reflect-metadata', 'kysely', 'pg', 'yaml', 'dataloader', 'uuid'],
    ...['fastify', 'fastify-type-provider-zod', '@fastify/cookie', '@fastify/helmet', '@fastify/static'],
    ...['@fastify/swagger', '@fastify/swagger-ui', 'nodemailer', 'imapflow', 'postal-mime'],
  ],
  console: [
    ...['zod', 'react', 'react-dom', 'uplot', '@mantine/core', '@mantine/hooks', '@mantine/notifications'],
    ...['@tanstack/react-query', '@tanstack/react-router', '@tanstack/react-table'],
  ],
}

export default defineRule({
  says: 'each side uses only the packages on its list, and what both ends share runs in a browser too',
  check: (sources) => sources.flatMap((source) => source.imports.flatMap((each) => violation(source, each))),
  planted: [
    { path: 'shared/domain/signal.ts', text: `import { v7 } from 'uuid'` },
    { path: 'shared/domain/signal.ts', text: `import { createHash } from 'node:crypto'` },
    { path: 'agent/wire/wire.ts', text: `import fastify from 'fastify'` },
    { path: 'agent/wire/wire.ts', text: `const { sql } = await import('kysely')` },
    { path: 'server/http/http.ts', text: `import express from 'express'` },
    { path: 'server/console/app.tsx', text: `import { readFile } from 'node:fs/promises'` },
    { path: 'server/console/app.tsx', text: `import type { Kysely } from 'kysely'` },
  ],
  allowed: [
    { path: 'agent/wire/wire.ts', text: `import { readFile } from 'node:fs/promises'\nimport { WebSocket } from 'ws'` },
    { path: 'server/console/app.tsx', text: `import '@mantine/core/styles.css'\nimport { createRoot } from 'react-dom/client'` },
    { path: 'server/console/vite.config.ts', text: `import react from '@vitejs/plugin-react'` },
  ],
})

function violation(source: Source, each: Import): Violation[] {
  const { side } = placeOf(source.path)
  if (side === 'test' || isBuildSetting(source.path) || targetOf(source.path, each.specifier) !== undefined) return []
  if (each.specifier === computed || isFine(side, each.specifier)) return []
  return [{ path: source.path, line: each.line, what: `${side} may not use ${each.specifier}` }]
}

function isFine(side: string, specifier: string): boolean {
  if (isBuiltin(specifier)) return side === 'agent' || side === 'server'
  return allowed[side]?.includes(packageOf(specifier)) ?? false
}

/** `@scope/name/part` → `@scope/name`. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const isBuildSetting = (path: string): boolean => path === 'server/console/vite.config.ts'
