// a click on a column of a sortable table sorts by it; empty cells stay at the end
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const ascending = head.getAttribute('aria-sort') !== 'ascending';
      for (const each of heads) each.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      const isText = head.classList.contains('words');
      const compare = (a, b) => {
        const [x, y] = [a, b].map((row) => row.cells[column].textContent.trim());
        if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1);
        const order = isText ? x.localeCompare(y, 'en', { numeric: true }) : parseFloat(x.replaceAll(',', '')) - parseFloat(y.replaceAll(',', ''));
        return ascending ? order : -order;
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(compare));
    });
  });
}
