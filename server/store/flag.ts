/** JSON and both databases agree on numbers; SQLite has no booleans. */
export type Flag = 0 | 1
