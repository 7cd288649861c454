/** Small facts of the collector itself, such as its installation id. */
export interface MetaTable {
  key: string
  value: string
}

export interface StoreTables {
  meta: MetaTable
}
