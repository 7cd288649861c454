/** In their order. */
export const namesOf = (people: readonly { name: string }[]): string => people.map(({ name }) => name).join(', ')

/** As a Select wants them. */
export const choicesOf = (people: readonly { id: string; name: string }[]) => people.map(({ id, name }) => ({ value: id, label: name }))
