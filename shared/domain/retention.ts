/** For how many days an organisation keeps what is over. The least is as long as a ticket may come back by itself. */
export const keptDays = { usual: 400, least: 30, most: 3650 } as const
