package store

// TableColumns are the columns that inserts into a table name, with their types.
type TableColumns struct {
	Name    string
	Columns [][2]string
}

// InsertColumns returns what every insert claims about its table.
func (s *Store) InsertColumns() []TableColumns {
	var all []TableColumns
	for _, t := range s.tables.all() {
		columns := TableColumns{Name: t.name}
		for _, c := range t.columns {
			columns.Columns = append(columns.Columns, [2]string{c.Name, c.Type})
		}
		all = append(all, columns)
	}
	return all
}

// SmallPages has deliveries listed a few at a time.
func (o Options) SmallPages(n int) Options {
	o.listPage = n
	return o
}
