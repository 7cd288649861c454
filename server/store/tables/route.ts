export interface MatrixVersionsTable {
  version: number
  yaml: string
  sha256: string
  author: string
  created_at: number
}

export interface RouteTables {
  matrix_versions: MatrixVersionsTable
}
