"""Tables as Parquet; the same table gives the same bytes."""

from __future__ import annotations

import io

from osteocast.trials.adam import Table


def parquet_bytes(table: Table) -> bytes:
    """Return a table as a Parquet file, with the label of each column and of the table in the metadata.

    Labels stand under ``label`` in the metadata of each field, as tools that read clinical data expect them.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"text": pa.string(), "number": pa.float64(), "whole": pa.int64()}
    fields = [
        pa.field(one.name, kinds[one.kind], metadata={"label": one.label, **({"unit": one.unit} if one.unit else {})})
        for one in table.columns
    ]
    schema = pa.schema(fields, metadata={"label": table.label, "name": table.name})
    arrays = [pa.array(one.values, kinds[one.kind], from_pandas=True) for one in table.columns]
    stream = io.BytesIO()
    # One row group, so that the bytes do not depend on anything but the values and the version of pyarrow.
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema), stream, compression="snappy", row_group_size=max(1, len(arrays[0]))
    )
    return stream.getvalue()
