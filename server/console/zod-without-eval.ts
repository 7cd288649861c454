import { z } from 'zod'

// Must be imported before any schema: zod otherwise tries `new Function`, which the content security policy reports.
z.config({ jitless: true })
