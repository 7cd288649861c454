import { z } from 'zod'

/** A page of a list: `before`, or `after`, is the id of the last that one has; `hasMore` says whether there is another. */
const limitOf = (usual: number) => z.coerce.number().int().min(1).max(500).default(usual)
const placeAt = z.string().max(64).optional()

/** Of a list with the newest first. */
export const newestFirst = (usual: number) => ({ before: placeAt, limit: limitOf(usual) })
/** Of a list with the oldest first. */
export const oldestFirst = (usual: number) => ({ after: placeAt, limit: limitOf(usual) })

/** All of a list, for whoever looks for one thing in it. */
export async function everyPage<Page extends { hasMore: boolean }>(
  read: (last: string | undefined) => Promise<Page>,
  lastOf: (page: Page) => string | undefined,
): Promise<Page[]> {
  const pages: Page[] = []
  for (let last: string | undefined; ; ) {
    const page = await read(last)
    pages.push(page)
    last = lastOf(page)
    if (!page.hasMore || last === undefined) return pages
  }
}
